export const wrong: number = 'a text';
