import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { rest } from '@/client/rest';
import { usePermission } from '@/client/session';
import { Button } from '@/components/ui/button';
import { useAction } from '@/lib/use-action';
import { statusKey } from './data';

interface Known {
  accounts?: { uin: string; nickName?: string }[];
}

interface Told {
  code: number;
  message?: string;
}

/** The QQ accounts that NapCat knows from before: signed in again without a phone. Nothing where there are none. */
export function QuickSignIn() {
  const { t } = useTranslation('channels');
  const known = useQuery({
    queryKey: ['rest', 'quick-sign-in'],
    queryFn: ({ signal }) => rest.get<Known>('/api/napcat/quick-login-list', { signal }),
    enabled: usePermission('system.manage'),
    retry: false,
  });
  const accounts = known.data?.accounts ?? [];
  const enter = useAction(
    async (uin: string) => {
      const told = await rest.post<Told>('/api/napcat/quick-login', { body: { uin } });
      if (told.code !== 0) throw new Error(told.message);
    },
    { refresh: [statusKey], done: () => t('quick.done') },
  );
  if (!accounts.length) return null;
  return (
    <div className="grid gap-2">
      <p className="text-ink-soft text-sm">{t('quick')}</p>
      <div className="flex flex-wrap gap-2">
        {accounts.map(({ uin, nickName }) => (
          <Button
            key={uin}
            size="small"
            busy={enter.isPending && enter.variables === uin}
            disabled={enter.isPending}
            onClick={() => enter.mutate(uin)}
          >
            {[nickName, uin].filter(Boolean).join(' · ')}
          </Button>
        ))}
      </div>
    </div>
  );
}
