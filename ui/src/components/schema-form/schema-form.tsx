import { Plus, X } from 'lucide-react';
import { type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CodeWords } from '@/components/code-words';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { JsonField, ScalarField } from './fields';
import { changed, type Hints, hintAt, kindOf, labelOf, type Path, type Problem, resolved, type Schema } from './schema';

interface FormProps {
  schema: Schema;
  hints?: Hints;
  value: unknown;
  onChange(value: unknown): void;
  /** From `problemsOf`, or from the server. */
  problems?: Record<string, Problem>;
  /** Where in a larger value this one is, for its hints. */
  path?: Path;
  disabled?: boolean;
}

/** A form drawn from a JSON Schema. What is not set stays unset: the field shows what counts then. */
export function SchemaForm({ schema, hints = {}, value, onChange, problems = {}, path = [], disabled }: FormProps) {
  const at = path.length;
  const set = (where: Path, next: unknown) => onChange(changed(value, where.slice(at), next));
  const form: Form = { root: schema, hints, problems, set, disabled };
  return (
    <div className="grid gap-4">
      <Node form={form} schema={schema} value={value} path={path} bare />
    </div>
  );
}

export interface Form {
  root: Schema;
  hints: Hints;
  problems: Record<string, Problem>;
  set(path: Path, value: unknown): void;
  disabled?: boolean;
}

export interface NodeProps {
  form: Form;
  schema: Schema;
  value: unknown;
  path: Path;
  required?: boolean;
  /** Without a frame and a name of its own. */
  bare?: boolean;
}

function Node({ form, schema: given, value, path, required, bare }: NodeProps) {
  const schema = resolved(given, form.root);
  const kind = kindOf(schema);
  const props = { form, schema, value, path, required, bare };
  if (kind === 'object') return <ObjectNode {...props} />;
  if (kind === 'entries') return <EntriesNode {...props} />;
  if (kind === 'list') return <ListNode {...props} />;
  if (kind === 'json') return <JsonField {...props} />;
  return <ScalarField {...props} />;
}

function nameOf(form: Form, path: Path, schema: Schema): string {
  const last = path.at(-1);
  return (
    hintAt(form.hints, path).label ?? schema.title ?? (typeof last === 'string' ? labelOf(last) : String(last ?? ''))
  );
}

function Frame({ form, schema, path, bare, children }: NodeProps & { children: ReactNode }) {
  if (bare) return children;
  const help = hintAt(form.hints, path).help ?? schema.description;
  return (
    <fieldset className="min-w-0 rounded-lg border border-line p-4 pt-2">
      <legend className="px-1 font-medium text-sm">{nameOf(form, path, schema)}</legend>
      {help && (
        <p className="mb-3 text-ink-faint text-xs">
          <CodeWords text={help} />
        </p>
      )}
      <div className="grid gap-4">{children}</div>
    </fieldset>
  );
}

function ObjectNode(props: NodeProps) {
  const { t } = useTranslation('common');
  const { form, schema, value, path } = props;
  const known = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const names = Object.keys(schema.properties ?? {}).sort(
    (a, b) => (hintAt(form.hints, [...path, a]).order ?? 1e6) - (hintAt(form.hints, [...path, b]).order ?? 1e6),
  );
  const advanced = names.filter((name) => hintAt(form.hints, [...path, name]).advanced);
  const draw = (name: string) => (
    <Node
      key={name}
      form={form}
      schema={schema.properties?.[name] ?? {}}
      value={known[name]}
      path={[...path, name]}
      required={schema.required?.includes(name)}
    />
  );
  return (
    <Frame {...props}>
      {names.filter((name) => !advanced.includes(name)).map(draw)}
      {advanced.length > 0 && (
        <details>
          <summary className="font-medium text-ink-soft text-sm">{t('form.advanced')}</summary>
          <div className="mt-3 grid gap-4">{advanced.map(draw)}</div>
        </details>
      )}
    </Frame>
  );
}

function EntriesNode(props: NodeProps) {
  const { t } = useTranslation('common');
  const { form, schema, value, path } = props;
  const [name, setName] = useState('');
  const known = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const inner = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
  const add = () => {
    if (!name.trim() || name in known) return;
    form.set([...path, name.trim()], emptyOf(resolved(inner, form.root)));
    setName('');
  };
  return (
    <Frame {...props}>
      {Object.entries(known).map(([key, item]) => (
        <div key={key} className="flex items-start gap-2">
          <div className="min-w-0 flex-1">
            <Node form={form} schema={{ ...inner, title: key }} value={item} path={[...path, key]} />
          </div>
          <Remove name={key} disabled={form.disabled} run={() => form.set([...path, key], undefined)} />
        </div>
      ))}
      <div className="flex items-end gap-2">
        <Field label={t('form.entryName')} className="flex-1">
          <Input
            value={name}
            disabled={form.disabled}
            onChange={(event) => setName(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
              event.preventDefault();
              add();
            }}
          />
        </Field>
        <Button onClick={add} disabled={form.disabled || !name.trim() || name in known}>
          <Plus aria-hidden />
          {t('form.addEntry')}
        </Button>
      </div>
    </Frame>
  );
}

function ListNode(props: NodeProps) {
  const { t } = useTranslation('common');
  const { form, schema, value, path } = props;
  const items = Array.isArray(value) ? value : [];
  const inner = schema.items ?? {};
  const keys = useKeys(items.length);
  // An entry that is empty for now is being written anew; only its button takes it away.
  const inside: Form = {
    ...form,
    set: (where, next) => form.set(where, where.length === path.length + 1 ? (next ?? '') : next),
  };
  return (
    <Frame {...props}>
      {items.map((item, place) => (
        <div key={keys.of(place)} className="flex items-start gap-2">
          <div className="min-w-0 flex-1">
            <Node form={inside} schema={{ ...inner, title: `${place + 1}` }} value={item} path={[...path, place]} />
          </div>
          <Remove
            name={String(place + 1)}
            disabled={form.disabled}
            run={() => {
              keys.drop(place);
              form.set([...path, place], undefined);
            }}
          />
        </div>
      ))}
      <div>
        <Button
          size="small"
          disabled={form.disabled}
          onClick={() => form.set(path, [...items, emptyOf(resolved(inner, form.root))])}
        >
          <Plus aria-hidden />
          {t('form.addEntry')}
        </Button>
      </div>
    </Frame>
  );
}

/** What tells the entries of a list apart: their places change when one is removed, and what their fields show must go along. */
function useKeys(count: number) {
  const keys = useRef<number[]>([]);
  const next = useRef(0);
  while (keys.current.length < count) keys.current.push(next.current++);
  return {
    of: (place: number) => keys.current[place],
    drop: (place: number) => void keys.current.splice(place, 1),
  };
}

function Remove({ name, disabled, run }: { name: string; disabled?: boolean; run(): void }) {
  const { t } = useTranslation('common');
  return (
    <Button
      look="quiet"
      size="icon"
      className="mt-5"
      disabled={disabled}
      aria-label={t('form.removeEntry', { name })}
      onClick={run}
    >
      <X aria-hidden />
    </Button>
  );
}

/** What a new entry begins as. */
function emptyOf(schema: Schema): unknown {
  if (schema.default !== undefined) return schema.default;
  const made = { object: {}, entries: {}, list: [], boolean: false, number: 0, integer: 0, text: '', json: {} };
  const kind = kindOf(schema);
  return kind === 'choice' ? (schema.enum?.[0] ?? schema.const) : made[kind];
}
