import { Plus, Sparkles } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { control, useCall, useMethod } from '@/client/control';
import { Empty, Loaded, Skeleton } from '@/components/states';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { SearchField } from '@/components/ui/search-field';
import { useAction } from '@/lib/use-action';
import { AddSkill } from './add-skill';
import { type Skill, skillsKey, useMayChange } from './api';
import { EntryRow } from './entry-row';
import { SkillDrawer } from './skill-drawer';

/** In the order in which they win over each other, the last first. */
const sources = ['workspace', 'personal', 'managed', 'extra', 'bundled'];

/** What agents have learnt. */
export function Skills() {
  const { t } = useTranslation('skills');
  const search = useSearchValues();
  const setSearch = useSetSearch();
  const may = useMayChange();
  const canAdd = useMethod('skills.look') && may;
  const query = useCall('skills.status', {});
  const change = useAction(
    ({ skill, enabled }: { skill: Skill; enabled: boolean }) =>
      control.call('skills.update', { skillKey: skill.skillKey, enabled }),
    { refresh: [skillsKey] },
  );
  const words = (search.q ?? '').toLowerCase();
  const waits = (skill: Skill) => change.isPending && change.variables.skill.skillKey === skill.skillKey;
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-center gap-2">
        <SearchField
          label={t('findSkill')}
          className="min-w-0 flex-1 sm:max-w-72"
          value={search.q}
          onValue={(q) => setSearch({ q })}
        />
        {canAdd && (
          <Button look="primary" className="ml-auto" onClick={() => setSearch({ add: '1' })}>
            <Plus aria-hidden />
            {t('add.open')}
          </Button>
        )}
      </div>
      <Loaded query={query} skeleton={<Skeleton lines={10} />}>
        {({ skills }) => {
          const all = skills as Skill[];
          const found = words
            ? all.filter((each) => `${each.name} ${each.description}`.toLowerCase().includes(words))
            : all;
          const opened = all.find((each) => each.name === search.skill);
          return (
            <>
              {sources.map((source) => {
                const some = found.filter((each) => each.source === source);
                if (!some.length) return null;
                return (
                  <Card key={source} title={t(`source.${source}`)} bodyClassName="p-0">
                    <ul className="divide-y divide-line">
                      {some.map((skill) => (
                        <EntryRow
                          key={skill.name}
                          name={t('switchOf', { name: skill.name })}
                          title={`${skill.emoji ?? ''} ${skill.name}`.trim()}
                          text={skill.description}
                          badges={
                            !skill.disabled &&
                            !skill.eligible && (
                              <Badge tone="warn">{skill.blockedByAllowlist ? t('notAllowed') : t('lacks')}</Badge>
                            )
                          }
                          on={waits(skill) ? Boolean(change.variables?.enabled) : !skill.disabled}
                          busy={change.isPending}
                          open={() => setSearch({ skill: skill.name })}
                          set={may ? (enabled) => change.mutate({ skill, enabled }) : undefined}
                        />
                      ))}
                    </ul>
                  </Card>
                );
              })}
              {!found.length && (
                <Card>
                  <Empty
                    icon={Sparkles}
                    title={words ? t('nothingFound') : t('none.title')}
                    text={!words && t('none.text')}
                  />
                </Card>
              )}
              {opened && <SkillDrawer key={opened.name} skill={opened} close={() => setSearch({ skill: undefined })} />}
            </>
          );
        }}
      </Loaded>
      {search.add && canAdd && <AddSkill close={() => setSearch({ add: undefined })} />}
    </div>
  );
}
