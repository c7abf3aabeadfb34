import { useEffect, useRef, useState } from 'react';
import { Input } from './input';

interface SearchFieldProps {
  label: string;
  placeholder?: string;
  className?: string;
  value: string | undefined;
  onValue(value: string): void;
}

/**
 * A field for words that something else keeps, as the address does. What is typed stands in it at once: where it came back
 * only with the next drawing, an input method would begin its word anew with each key, and the cursor would jump to the end.
 */
export function SearchField({ label, placeholder = label, className, value = '', onValue }: SearchFieldProps) {
  const [typed, setTyped] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  // What is kept may lag behind the keys: it is taken over where nobody types.
  useEffect(() => {
    if (field.current !== document.activeElement) setTyped(value);
  }, [value]);
  return (
    <Input
      ref={field}
      type="search"
      aria-label={label}
      placeholder={placeholder}
      className={className}
      value={typed}
      onChange={(event) => {
        setTyped(event.target.value);
        // The letters of an unfinished word are nothing to look for.
        if (!(event.nativeEvent as InputEvent).isComposing) onValue(event.target.value);
      }}
      onCompositionEnd={(event) => onValue(event.currentTarget.value)}
      onBlur={() => setTyped(value)}
    />
  );
}
