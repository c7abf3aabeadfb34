import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';

interface SuggestionsProps {
  id: string;
  words: readonly string[];
  /** Which of them the arrow keys have come to. */
  at: number;
  choose(word: string): void;
}

/** The identifier of one of them, for the field to point to. */
export const suggestionId = (id: string, place: number) => `${id}-${place}`;

/** Words that begin with a slash, above the field in which one is being written. */
export function Suggestions({ id, words, at, choose }: SuggestionsProps) {
  const { t } = useTranslation('chat');
  return (
    <ul
      id={id}
      // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: the field that it belongs to has the focus
      role="listbox"
      aria-label={t('commands')}
      className="absolute bottom-full left-0 mb-1 max-w-full rounded-lg border border-line bg-raised p-1 shadow-raised"
    >
      {words.map((word, place) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: the keys are the field's
        <li
          key={word}
          id={suggestionId(id, place)}
          // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: as above
          role="option"
          aria-selected={place === at}
          className={cn(
            'cursor-default rounded px-2 py-1 text-sm hover:bg-accent-wash',
            place === at && 'bg-accent-wash',
          )}
          onClick={() => choose(word)}
        >
          <span className="font-mono">{word}</span>{' '}
          <span className="text-ink-soft">{t(`command.${word.slice(1)}`)}</span>
        </li>
      ))}
    </ul>
  );
}
