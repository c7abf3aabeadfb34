import { UserX } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { control, useCall } from '@/client/control';
import { Loaded } from '@/components/states';
import { Ago } from '@/components/time';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { Tooltip } from '@/components/ui/tooltip';
import { useAction } from '@/lib/use-action';
import { type LetIn, peopleKey } from './data';

interface Where {
  channel: string;
  accountId: string;
}

/** Who was let in to an account, by a code or because they signed it in; each can be sent away. */
export function People(where: Where) {
  const { t } = useTranslation('channels');
  const query = useCall('channels.pairing.people', where);
  return (
    <section aria-label={t('people')} className="grid grid-cols-[minmax(0,1fr)] gap-3 border-line border-t pt-4">
      <h3 className="font-semibold text-sm">{t('people')}</h3>
      <Loaded query={query}>
        {({ people }) =>
          people.length ? (
            <ul className="divide-y divide-line rounded-lg border border-line">
              {people.map((person) => (
                <Person key={person.senderId} where={where} person={person} />
              ))}
            </ul>
          ) : (
            <p className="text-ink-faint text-sm">{t('people.none')}</p>
          )
        }
      </Loaded>
    </section>
  );
}

function Person({ where, person }: { where: Where; person: LetIn }) {
  const { t } = useTranslation('channels');
  const name = person.senderLabel;
  const remove = useAction(() => control.call('channels.pairing.remove', { ...where, senderId: person.senderId }), {
    refresh: [peopleKey],
    done: () => t('people.removed', { name }),
  });
  const ask = async () => {
    const text = t(person.owner ? 'people.remove.owner' : 'people.remove.text');
    if (await confirm({ title: t('people.remove.title', { name }), text, action: t('people.remove') })) remove.mutate();
  };
  return (
    <li className="flex items-center gap-3 px-3 py-2 text-sm">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2">
          <span className="min-w-0 break-words">{name}</span>
          {person.owner && <Badge tone="accent">{t('people.owner')}</Badge>}
        </p>
        <p className="flex flex-wrap gap-x-3 text-ink-faint text-xs">
          {name !== person.senderId && <code className="break-all">{person.senderId}</code>}
          <Ago at={person.addedAtMs} />
        </p>
      </div>
      <Tooltip text={t('people.remove')}>
        <Button
          look="quiet"
          size="small-icon"
          aria-label={t('people.removeOf', { name })}
          busy={remove.isPending}
          onClick={() => void ask()}
        >
          {!remove.isPending && <UserX aria-hidden />}
        </Button>
      </Tooltip>
    </li>
  );
}
