import { useTranslation } from 'react-i18next';
import { Facts } from '@/components/facts';
import { Badge } from '@/components/ui/badge';
import type { Inspection } from './api';

const lists = ['tools', 'hooks', 'channels', 'providers', 'skills', 'cliCommands', 'contracts'] as const;

/** What a plugin offers and asks for. */
export function Capabilities({ found }: { found: Inspection }) {
  const { t } = useTranslation('skills');
  const shown = lists.filter((name) => found.declared[name]?.length);
  const prompts = found.grants.hooks.allowPromptInjection?.effective;
  const hears = found.grants.hooks.allowConversationAccess?.effective;
  return (
    <div className="grid gap-3">
      {(prompts || hears) && (
        <ul className="grid list-disc gap-1 rounded-md bg-warn-wash py-2 pr-3 pl-7 text-sm">
          {hears && <li>{t('grant.hears')}</li>}
          {prompts && <li>{t('grant.prompts')}</li>}
        </ul>
      )}
      {shown.length ? (
        <Facts
          facts={shown.map((name) => [
            t(`declared.${name}`),
            <span key={name} className="flex flex-wrap gap-1">
              {found.declared[name]?.map((each) => (
                <Badge key={each} className="break-all">
                  {each}
                </Badge>
              ))}
            </span>,
          ])}
        />
      ) : (
        <p className="text-ink-faint text-sm">{t('declared.none')}</p>
      )}
    </div>
  );
}
