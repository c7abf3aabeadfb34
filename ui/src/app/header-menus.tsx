import { Languages, LogOut, Monitor, Moon, Sun, UserRound } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { signOut, useSession } from '@/client/session';
import { Button } from '@/components/ui/button';
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuLine } from '@/components/ui/menu';
import { languageNames, languages, setLanguage } from '@/i18n';
import { setTheme, themes, useTheme } from '@/lib/preferences';

/** The menus of the header. They come after the first paint. */
export default function HeaderMenus() {
  return (
    <>
      <LanguageMenu />
      <ThemeMenu />
      <UserMenu />
    </>
  );
}

function LanguageMenu() {
  const { t, i18n } = useTranslation('common');
  return (
    <Menu
      trigger={
        <Button look="quiet" size="icon" aria-label={t('language')}>
          <Languages aria-hidden />
        </Button>
      }
    >
      {languages.map((each) => (
        <MenuChoice key={each} chosen={i18n.language === each} onSelect={() => void setLanguage(each)}>
          <span lang={each}>{languageNames[each]}</span>
        </MenuChoice>
      ))}
    </Menu>
  );
}

const icons = { system: Monitor, light: Sun, dark: Moon };

function ThemeMenu() {
  const { t } = useTranslation('common');
  const theme = useTheme();
  const Icon = icons[theme];
  return (
    <Menu
      trigger={
        <Button look="quiet" size="icon" aria-label={t('theme')}>
          <Icon aria-hidden />
        </Button>
      }
    >
      {themes.map((each) => (
        <MenuChoice key={each} chosen={theme === each} onSelect={() => setTheme(each)}>
          {t(`theme.${each}`)}
        </MenuChoice>
      ))}
    </Menu>
  );
}

function UserMenu() {
  const { t } = useTranslation('common');
  const principal = useSession()?.principal;
  if (!principal) return null;
  return (
    <Menu
      trigger={
        <Button look="quiet" size="icon" aria-label={t('account')}>
          <UserRound aria-hidden />
        </Button>
      }
    >
      <MenuLabel>{t('signedInAs', { name: principal.name || principal.id })}</MenuLabel>
      <MenuLine />
      <MenuItem onSelect={() => void signOut()}>
        <LogOut aria-hidden />
        {t('signOut')}
      </MenuItem>
    </Menu>
  );
}
