import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { markdown } from '@codemirror/lang-markdown';
import {
  bracketMatching,
  defaultHighlightStyle,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from '@codemirror/language';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { Annotation, Compartment, EditorState } from '@codemirror/state';
import { drawSelection, EditorView, keymap, lineNumbers } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import { cn } from '@/lib/cn';
import { cspNonce } from '@/lib/nonce';

interface CodeEditorProps {
  label: string;
  value: string;
  onChange(value: string): void;
  language?: 'json' | 'markdown';
  readOnly?: boolean;
  /** Ctrl+S or ⌘S. */
  onSave?(): void;
  className?: string;
}

const languages = { json, markdown };
const fromOutside = Annotation.define<boolean>();
const look = EditorView.theme({
  '&': { height: '100%', fontSize: '0.8125rem', backgroundColor: 'var(--surface)', color: 'var(--ink)' },
  '.cm-content': { fontFamily: 'var(--font-mono, ui-monospace, monospace)', caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-gutters': { backgroundColor: 'var(--sunken)', color: 'var(--ink-faint)', borderRight: '1px solid var(--line)' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '-2px' },
  '.cm-panels': { backgroundColor: 'var(--raised)', color: 'var(--ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--accent-wash)',
  },
});

/* The usual style, in the colours of the page: those that it has are for white paper alone. */
const colours: Record<string, string> = {
  '#219': 'var(--accent)',
  '#00f': 'var(--accent)',
  '#708': 'var(--accent)',
  '#a11': 'var(--good)',
  '#e40': 'var(--good)',
  '#164': 'var(--warn)',
  '#940': 'var(--ink-faint)',
  '#404740': 'var(--ink-faint)',
  '#f00': 'var(--bad)',
};
const style = HighlightStyle.define(
  defaultHighlightStyle.specs.map((spec) =>
    spec.color ? { ...spec, color: colours[spec.color as string] ?? 'var(--ink)' } : spec,
  ),
);

/** Where letters replace a selection, Chromium keeps the look of what was there by a style in the markup, which the content
 * security policy forbids: the editor does it itself. */
const replaced = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const plain = event.inputType === 'insertText' && event.data && !view.composing && !view.state.readOnly;
    if (!plain || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data ?? ''), { userEvent: 'input.type', scrollIntoView: true });
    return true;
  },
});

/** A text with its structure in colour. Loaded lazily: `lazy(() => patiently(() => import('@/components/code-editor')))`. Tab leaves it. */
export default function CodeEditor({ label, value, onChange, language, readOnly, onSave, className }: CodeEditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | undefined>(undefined);
  const writable = useRef(new Compartment());
  const latest = useRef({ value, onChange, readOnly, onSave });
  latest.current = { value, onChange, readOnly, onSave };

  useEffect(() => {
    if (!box.current) return;
    const editor = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          EditorView.cspNonce.of(cspNonce),
          look,
          lineNumbers(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          search(),
          highlightSelectionMatches(),
          syntaxHighlighting(style),
          ...(language ? [languages[language]()] : []),
          replaced,
          keymap.of([
            {
              key: 'Mod-s',
              run: () => {
                latest.current.onSave?.();
                return latest.current.onSave !== undefined;
              },
            },
            ...defaultKeymap,
            ...historyKeymap,
            ...searchKeymap,
          ]),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
          writable.current.of(EditorState.readOnly.of(latest.current.readOnly === true)),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged || update.transactions.some((each) => each.annotation(fromOutside))) return;
            latest.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => editor.destroy();
  }, [label, language]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === value) return;
    editor.dispatch({
      changes: { from: 0, to: editor.state.doc.length, insert: value },
      annotations: fromOutside.of(true),
    });
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({ effects: writable.current.reconfigure(EditorState.readOnly.of(readOnly === true)) });
  }, [readOnly]);

  return <div ref={box} className={cn('overflow-hidden', className)} />;
}
