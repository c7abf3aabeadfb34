import { useState } from 'react';

/** A text that follows what is stored until somebody types another one, which a change from elsewhere does not take away. */
export function useKept<Text extends string>(stored: Text): [text: Text, setText: (text: Text) => void] {
  const [text, setText] = useState(stored);
  const [seen, setSeen] = useState(stored);
  if (seen !== stored) {
    setSeen(stored);
    if (text === seen) setText(stored);
  }
  return [text, setText];
}
