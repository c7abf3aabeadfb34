import { ArrowUp, Paperclip, Square, X } from 'lucide-react';
import { type ClipboardEvent, type DragEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { wordsOf } from '@/client/words';
import { Button } from '@/components/ui/button';
import { toast } from '@/components/ui/toasts';
import { cn } from '@/lib/cn';
import { readDraft, writeDraft } from '@/lib/drafts';
import { useFormats } from '@/lib/format';
import { freshId } from '@/lib/ids';
import { type Attachment, type Refused, readAttachment } from './attachments';
import type { Conversation } from './conversation';
import { QuickCommands } from './quick-commands';
import { Suggestions, suggestionId } from './suggestions';

interface ComposerProps {
  /** Under which name what is being written is kept. */
  name: string;
  conversation: Conversation;
  /** Words that begin with a slash and mean something to the other side. */
  commands?: readonly string[];
}

export function Composer({ name, conversation, commands = [] }: ComposerProps) {
  const { t } = useTranslation('chat');
  const formats = useFormats();
  const [text, setText] = useState(() => readDraft(name));
  const [files, setFiles] = useState<readonly Attachment[]>([]);
  const [over, setOver] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const [at, setAt] = useState(-1);
  const list = useId();
  const suggested =
    text.startsWith('/') && !text.includes(' ')
      ? commands.filter((each) => each.startsWith(text) && each !== text)
      : [];

  const write = (next: string) => {
    setText(next);
    setAt(-1);
    writeDraft(name, next);
  };
  const take = (word: string) => {
    write(word);
    field.current?.focus();
  };
  const say = (prompt: string) => void conversation.send(prompt, []).catch((fault) => toast.bad(wordsOf(fault, t)));

  // biome-ignore lint/correctness/useExhaustiveDependencies: the field is as high as its text
  useEffect(() => {
    const area = field.current;
    if (!area) return;
    area.style.height = 'auto';
    area.style.height = `${Math.min(area.scrollHeight, 240)}px`;
  }, [text]);

  const submit = async () => {
    const said = text.trim();
    if (!said && !files.length) return;
    const kept = files;
    write('');
    setFiles([]);
    try {
      await conversation.send(said, kept);
    } catch (fault) {
      // Nothing that was written is lost.
      write(said);
      setFiles(kept);
      toast.bad(wordsOf(fault, t));
    }
  };

  const attach = async (chosen: Iterable<File>) => {
    for (const file of chosen) {
      try {
        const read = await readAttachment(file, freshId());
        setFiles((now) => [...now, read].slice(0, 10));
      } catch (why) {
        const known = why === 'tooLarge' || why === 'notText' ? (why as Refused) : 'unreadable';
        toast.bad(t(`attach.${known}`, { name: file.name }));
      }
    }
  };

  const pressed = (event: KeyboardEvent) => {
    // While an input method composes, the keys are its own.
    if (event.nativeEvent.isComposing) return;
    const pointed = suggested[at];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && suggested.length) {
      event.preventDefault();
      setAt(at < 0 && step < 0 ? suggested.length - 1 : (at + step + suggested.length) % suggested.length);
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      if (pointed) take(pointed);
      else void submit();
    } else if (event.key === 'Tab' && suggested[0] && !event.shiftKey) {
      event.preventDefault();
      take(pointed ?? suggested[0]);
    } else if (event.key === 'Escape' && conversation.running) {
      void conversation.stop();
    }
  };
  const pasted = (event: ClipboardEvent) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    void attach(event.clipboardData.files);
  };
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void attach(event.dataTransfer.files);
  };

  return (
    <div className="border-line border-t bg-surface px-3 pt-2 pb-3 sm:px-6">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: files can be chosen by a button, too */}
      <div
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={dropped}
        className={cn(
          'relative mx-auto max-w-3xl rounded-xl border border-line-strong bg-surface focus-within:border-focus',
          over && 'border-accent bg-accent-wash',
        )}
      >
        {suggested.length > 0 && <Suggestions id={list} words={suggested} at={at} choose={take} />}
        {files.length > 0 && (
          <ul className="flex flex-wrap gap-2 px-3 pt-3">
            {files.map((file) => (
              <li
                key={file.id}
                className="flex items-center gap-2 rounded-md border border-line bg-sunken py-1 pr-1 pl-2 text-xs"
              >
                {file.kind === 'image' && <img src={file.content} alt="" className="size-7 rounded object-cover" />}
                <span className="max-w-40 truncate">{file.name}</span>
                <span className="numbers text-ink-faint">{formats.bytes(file.size)}</span>
                <Button
                  look="quiet"
                  size="small-icon"
                  aria-label={t('removeFile', { name: file.name })}
                  onClick={() => setFiles((now) => now.filter((each) => each.id !== file.id))}
                >
                  <X aria-hidden />
                </Button>
              </li>
            ))}
          </ul>
        )}
        <textarea
          ref={field}
          rows={1}
          value={text}
          aria-label={t('write')}
          placeholder={t('write')}
          {...(suggested.length ? { 'aria-controls': list, 'aria-autocomplete': 'list' as const } : {})}
          aria-activedescendant={suggested[at] ? suggestionId(list, at) : undefined}
          onChange={(event) => write(event.target.value)}
          onKeyDown={pressed}
          onPaste={pasted}
          className="block max-h-60 w-full resize-none bg-transparent px-3.5 pt-3 pb-1 text-base leading-relaxed focus-visible:outline-none"
        />
        <div className="flex items-center gap-1 px-2 pb-2">
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            onChange={(event) => {
              void attach([...(event.target.files ?? [])]);
              event.target.value = '';
            }}
          />
          <Button look="quiet" size="icon" aria-label={t('attach')} onClick={() => picker.current?.click()}>
            <Paperclip aria-hidden />
          </Button>
          <QuickCommands written={text} say={say} />
          <span className="ml-auto text-ink-faint text-xs">
            <span className="hidden sm:inline">{t('keys')}</span>
          </span>
          {conversation.running && (
            <Button size="icon" aria-label={t('stop')} onClick={() => void conversation.stop()}>
              <Square aria-hidden className="fill-current" />
            </Button>
          )}
          <Button
            look="primary"
            size="icon"
            aria-label={t('send')}
            disabled={!text.trim() && !files.length}
            onClick={() => void submit()}
          >
            <ArrowUp aria-hidden />
          </Button>
        </div>
      </div>
    </div>
  );
}
