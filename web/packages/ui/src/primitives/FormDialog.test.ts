import { OrderchatError } from '@orderchat/sdk';
import { expect, it, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import FormDialogHost from '../test/FormDialogHost.svelte';

/** Sendings, each with the way to let it end. */
function sendings() {
  const all: { done: () => void; refuse: (error: Error) => void }[] = [];
  const send = vi.fn(
    (_: string) =>
      new Promise<void>((done, refuse) => {
        all.push({ done, refuse });
      }),
  );
  return { all, send };
}

const refused = (pointer: string) =>
  new OrderchatError({
    status: 422,
    detail: 'is wrong',
    errors: [{ pointer, detail: 'is wrong' }],
  });

it('is sent once at a time, and tells what went wrong until the next try', async () => {
  const { all, send } = sendings();
  const screen = await render(FormDialogHost, { send });
  const button = screen.getByRole('button', { name: 'Answer' });
  await button.click();
  screen.container.ownerDocument.querySelector('form')!.requestSubmit();
  expect(send).toHaveBeenCalledExactlyOnceWith('yes');

  all[0]!.refuse(new OrderchatError({}));
  const alert = screen.getByRole('alert');
  await expect.element(alert).toHaveTextContent(/cannot be reached/u);
  await button.click();
  expect(alert.query()).toBeNull();
  all[1]!.done();
  await vi.waitFor(() => expect(button.element().getAttribute('aria-busy')).not.toBe('true'));
  expect(alert.query()).toBeNull();
});

it('tells at the field what is wrong with it, and only there', async () => {
  const { all, send } = sendings();
  const screen = await render(FormDialogHost, { send });
  await screen.getByRole('button', { name: 'Answer' }).click();
  all[0]!.refuse(refused('/answer'));
  const field = screen.getByRole('textbox', { name: 'Your answer' });
  await expect.element(field).toHaveAttribute('aria-invalid', 'true');
  expect(screen.getByRole('alert').query()).toBeNull();

  await screen.getByRole('button', { name: 'Answer' }).click();
  await expect.element(field).not.toHaveAttribute('aria-invalid');
  all[1]!.refuse(refused('/other'));
  await expect.element(screen.getByRole('alert')).toHaveTextContent('Is wrong.');
});
