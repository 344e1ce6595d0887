// The shop's side of the frame: it dresses the chat, gives it a token when asked, and hears how many are
// unread.
const frame = document.querySelector('iframe');
const chat = new URL(frame.dataset.src).origin;
const tell = (message) => frame.contentWindow.postMessage(message, chat);

/** The shop's colour, and whether it is light or dark, as shop.css has them. */
function look() {
  const style = getComputedStyle(document.documentElement);
  return { accent: style.getPropertyValue('--accent').trim(), theme: style.colorScheme };
}

addEventListener('message', async (event) => {
  // From the chat, and from this frame of it.
  if (event.origin !== chat || event.source !== frame.contentWindow) return;
  switch (event.data.type) {
    case 'orderchat:ready':
      tell({ type: 'orderchat:look', ...look() });
    // It wants a token, too.
    case 'orderchat:token-wanted': {
      const { token } = await (await fetch('/chat-token')).json();
      tell({ type: 'orderchat:token', token });
      break;
    }
    case 'orderchat:unread':
      document.querySelector('output').value = event.data.count;
      break;
  }
});
// Only now: the chat asks as soon as it is there.
frame.src = frame.dataset.src;
