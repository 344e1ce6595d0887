// The shop's side of the frame: it gives the chat a token when asked, and hears how many are unread.
const frame = document.querySelector('iframe');
const chat = new URL(frame.dataset.src).origin;

addEventListener('message', async (event) => {
  // From the chat, and from this frame of it.
  if (event.origin !== chat || event.source !== frame.contentWindow) return;
  switch (event.data.type) {
    case 'orderchat:ready':
    case 'orderchat:token-wanted': {
      const { token } = await (await fetch('/chat-token')).json();
      frame.contentWindow.postMessage({ type: 'orderchat:token', token }, chat);
      break;
    }
    case 'orderchat:unread':
      document.querySelector('output').value = event.data.count;
      break;
  }
});
// Only now: the chat asks as soon as it is there.
frame.src = frame.dataset.src;
