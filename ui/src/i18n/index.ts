import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { readPreference, writePreference } from '@/lib/preferences';

export const languages = ['en', 'zh-CN'] as const;
export type Language = (typeof languages)[number];
/** A few words in both languages, for what must be known before a page is loaded. */
export type Words = Record<Language, string>;

export const languageNames: Record<Language, string> = { en: 'English', 'zh-CN': '简体中文' };

type Loader = () => Promise<{ default: Record<string, string> }>;
const common = import.meta.glob<{ default: Record<string, string> }>('./*.json');
const ofPages = import.meta.glob<{ default: Record<string, string> }>('../pages/*/*.json');

function loaderOf(language: string, namespace: string): Loader | undefined {
  return namespace === 'common' ? common[`./${language}.json`] : ofPages[`../pages/${namespace}/${language}.json`];
}

const chosen = readPreference('language');

/** The language that was chosen here, else the browser's. */
function firstLanguage(): Language {
  if (languages.includes(chosen as Language)) return chosen as Language;
  return navigator.languages
    .find((each) => /^(zh|en)\b/i.test(each))
    ?.toLowerCase()
    .startsWith('zh')
    ? 'zh-CN'
    : 'en';
}

export const i18n = i18next.createInstance();

i18n.use(initReactI18next).use({
  type: 'backend',
  init() {},
  read(language: string, namespace: string, done: (fault: unknown, texts: Record<string, string> | null) => void) {
    const loader = loaderOf(language, namespace);
    if (!loader) done(new Error(`no texts for ${namespace} in ${language}`), null);
    else
      loader().then(
        (found) => done(null, found.default),
        (fault) => done(fault, null),
      );
  },
});

/** Ready when the words of the shell are there. */
export async function startI18n(): Promise<void> {
  await i18n.init({
    lng: firstLanguage(),
    fallbackLng: false,
    supportedLngs: [...languages],
    load: 'currentOnly',
    ns: ['common'],
    defaultNS: 'common',
    fallbackNS: 'common',
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false }, // React escapes
    react: { useSuspense: true },
    partialBundledLanguages: false,
  });
  mark();
  i18n.on('languageChanged', mark);
}

function mark(): void {
  document.documentElement.lang = i18n.language;
}

export async function setLanguage(language: Language): Promise<void> {
  writePreference('language', language);
  await i18n.changeLanguage(language);
}

/** What the gateway is set to counts where nobody chose anything in this browser. */
export function suggestLanguage(language: 'zh' | 'en' | null): void {
  if (!language || readPreference('language')) return;
  void i18n.changeLanguage(language === 'zh' ? 'zh-CN' : 'en');
}
