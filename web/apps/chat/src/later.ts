/** The conversation is a file of its own: the list of chats is there before it. It is asked for at once,
 *  beside everything else that a page begins with. */
let loaded: Promise<typeof import('./room/Conversation.svelte')> | null = null;

export const conversation = () => (loaded ??= import('./room/Conversation.svelte'));
