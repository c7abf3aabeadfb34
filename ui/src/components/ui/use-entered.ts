import { type FormEvent, type MouseEvent, useState } from 'react';

interface Entered {
  /** Whether somebody was about to go, and is asked about what they entered. */
  asked: boolean;
  stay(): void;
  /** For Radix: keeps a window open that would be closed by a stray press while something entered would be lost. */
  keepOpen(event: { preventDefault(): void }): void;
  keepOpenOnEscape(event: KeyboardEvent): void;
  watch: {
    onInput(event: FormEvent<HTMLElement>): void;
    onSubmit(): void;
    onClickCapture(event: MouseEvent<HTMLElement>): void;
  };
}

/** Whether text was entered in a window and not handed in since. */
export function useEntered(guarded: boolean): Entered {
  const [entered, setEntered] = useState(false);
  const [asked, setAsked] = useState(false);
  const done = () => {
    setEntered(false);
    setAsked(false);
  };
  const keepOpen = (event: { preventDefault(): void }) => {
    if (!guarded || !entered) return;
    event.preventDefault();
    setAsked(true);
  };
  return {
    asked,
    stay: () => setAsked(false),
    keepOpen,
    keepOpenOnEscape(event) {
      // While an input method composes, the key takes back its word.
      if (event.isComposing || event.keyCode === 229) event.preventDefault();
      else keepOpen(event);
    },
    watch: {
      onInput: (event) => setEntered((before) => before || isText(event.target)),
      onSubmit: done,
      onClickCapture(event) {
        if ((event.target as HTMLElement).closest('[data-look=primary]')) done();
      },
    },
  };
}

const isText = (field: EventTarget): boolean =>
  field instanceof HTMLTextAreaElement ||
  (field instanceof HTMLInputElement && !['search', 'checkbox', 'radio', 'file'].includes(field.type));
