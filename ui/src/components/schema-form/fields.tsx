import { type ComponentProps, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CodeWords } from '@/components/code-words';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input, Select, Textarea } from '@/components/ui/input';
import { Switch } from '@/components/ui/switch';
import { hintAt, isUnparsed, jsonOf, kindOf, labelOf, numberOf, type Problem, textOfJson } from './schema';
import type { NodeProps } from './schema-form';

const wordsOf = (help: string | undefined) => help && <CodeWords text={help} />;

function useWords({ form, schema, path }: NodeProps) {
  const { t } = useTranslation('common');
  const hint = hintAt(form.hints, path);
  const last = path.at(-1);
  const problem: Problem | undefined = form.problems[path.join('.')];
  const label = hint.label ?? schema.title ?? (typeof last === 'string' ? labelOf(last) : String(last ?? ''));
  return {
    t,
    hint,
    label,
    help: wordsOf(hint.help ?? schema.description),
    error: problem && t(problem.text as 'form.needed', problem.values as Record<string, string>),
    fallback:
      schema.default === undefined ||
      schema.default === null ||
      schema.default === '' ||
      typeof schema.default === 'object'
        ? undefined
        : String(schema.default),
  };
}

export function ScalarField(props: NodeProps) {
  const { form, schema, value, path, required } = props;
  const { t, hint, label, help, error, fallback } = useWords(props);
  const set = (next: unknown) => form.set(path, next);
  const placeholder = hint.placeholder ?? (fallback !== undefined ? t('form.default', { value: fallback }) : undefined);
  const frame = { label, hint: help, error, required };
  switch (kindOf(schema)) {
    case 'boolean':
      return (
        <Field {...frame} className="grid-cols-[1fr_auto] items-center [&>p]:col-span-2">
          <Switch checked={(value ?? schema.default) === true} disabled={form.disabled} onCheckedChange={set} />
        </Field>
      );
    case 'choice': {
      const choices = (schema.enum ?? [schema.const]).filter((each) => each !== null);
      return (
        <Field {...frame}>
          <Select
            disabled={form.disabled}
            value={value === undefined || value === null ? '' : JSON.stringify(value)}
            onChange={(event) => set(event.target.value === '' ? undefined : JSON.parse(event.target.value))}
          >
            <option value="">
              {fallback !== undefined ? t('form.default', { value: fallback }) : t('form.inherit')}
            </option>
            {choices.map((each) => (
              <option key={JSON.stringify(each)} value={JSON.stringify(each)}>
                {String(each)}
              </option>
            ))}
          </Select>
        </Field>
      );
    }
    case 'number':
    case 'integer':
      return (
        <Field {...frame}>
          <Input
            placeholder={placeholder}
            disabled={form.disabled}
            inputMode="decimal"
            defaultValue={value === undefined || value === null ? '' : String(value)}
            onChange={(event) => set(numberOf(event.target.value))}
          />
        </Field>
      );
    default: {
      const Text = hint.sensitive || schema.writeOnly ? SecretField : TextField;
      return <Text {...props} frame={frame} placeholder={placeholder} />;
    }
  }
}

interface TextProps extends NodeProps {
  frame: Omit<ComponentProps<typeof Field>, 'children'>;
  placeholder: string | undefined;
}

function TextField({ form, value, path, frame, placeholder }: TextProps) {
  const text = typeof value === 'string' ? value : '';
  // Decided once: another element in its place would take the focus from whoever writes.
  const [long] = useState(text.length > 90 || text.includes('\n'));
  const common = {
    placeholder,
    disabled: form.disabled,
    value: text,
    onChange: (event: { target: { value: string } }) =>
      form.set(path, event.target.value === '' ? undefined : event.target.value),
  };
  return <Field {...frame}>{long ? <Textarea {...common} /> : <Input {...common} />}</Field>;
}

/** What is set is not shown; a field that is empty again leaves it as it was. */
function SecretField({ form, value, path, frame, placeholder }: TextProps) {
  const { t } = useTranslation('common');
  const [before] = useState(value);
  const [typed, setTyped] = useState('');
  const put = (text: string) => {
    setTyped(text);
    form.set(path, text === '' ? before : text);
  };
  const kept = Boolean(before) && value === before;
  const gone = Boolean(before) && value === undefined;
  return (
    <div className="flex items-end gap-2">
      <Field {...frame} className="flex-1">
        <Input
          type="password"
          autoComplete="new-password"
          disabled={form.disabled}
          placeholder={kept ? t('form.secretKept') : gone ? t('form.secretGone') : placeholder}
          value={typed}
          onChange={(event) => put(event.target.value)}
        />
      </Field>
      {Boolean(before) && !form.disabled && (
        <Button
          onClick={() => {
            setTyped('');
            form.set(path, gone ? before : undefined);
          }}
        >
          {gone ? t('undo') : t('remove')}
        </Button>
      )}
    </div>
  );
}

/** For what no field is made for: the value itself. */
export function JsonField(props: NodeProps) {
  const { form, value, path, required } = props;
  const { t, label, help, error } = useWords(props);
  const [text, setText] = useState(() => textOfJson(value));
  return (
    <Field label={label} hint={help} error={isUnparsed(value) ? t('form.notJson') : error} required={required}>
      <Textarea
        disabled={form.disabled}
        spellCheck={false}
        className="font-mono"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          form.set(path, jsonOf(event.target.value));
        }}
      />
    </Field>
  );
}
