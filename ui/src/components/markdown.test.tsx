import { render } from '@testing-library/react';
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { beforeAll, expect, test } from 'vitest';
import { Markdown, safeAddress } from './markdown';

beforeAll(async () => {
  await i18next.use(initReactI18next).init({ lng: 'en', resources: { en: { common: {} } } });
});

const shown = (text: string) => render(<Markdown text={text} />).container;

test.each([
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)><animate onbegin=alert(1)></svg>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '[x](javascript:alert(1))',
  '[x](JaVa\tScript:alert(1))',
  '[x](&#106;avascript:alert(1))',
  '[x](data:text/html,<script>alert(1)</script>)',
  '![x](javascript:alert(1))',
  '![x" onerror="alert(1)](http://a/b.png)',
  '<javascript:alert(1)>',
  '| a |\n|---|\n| <img src=x onerror=alert(1)> |',
  '[a]: javascript:alert(1)\n[a]',
])('%s does nothing', (text) => {
  const found = shown(text);
  expect(found.querySelectorAll('script, img, svg animate, iframe, object, embed, style')).toHaveLength(0);
  for (const element of found.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      expect(name.startsWith('on')).toBe(false);
      if (name === 'href') expect(value).toMatch(/^(https?:|mailto:)/);
    }
  }
});

test('what is harmless looks as it was meant', () => {
  const found = shown(
    '# Head\n\n**bold** `code` [site](https://a.example/)\n\n- one\n- two\n\n```js\nlet a = "<b>";\n```',
  );
  expect(found.querySelector('strong')?.textContent).toBe('bold');
  expect([...found.querySelectorAll('li')].map((item) => item.textContent)).toEqual(['one', 'two']);
  expect(found.querySelector('pre')?.textContent).toBe('let a = "<b>";');
  const link = found.querySelector('a');
  expect(link?.getAttribute('href')).toBe('https://a.example/');
  expect(link?.rel).toContain('noopener');
});

test('entities are shown as what they stand for', () => {
  expect(shown('a < b && c > "d"').textContent).toBe('a < b && c > "d"');
});

test('addresses', () => {
  expect(safeAddress('https://a.example/x')).toBe('https://a.example/x');
  expect(safeAddress('//evil.example')).toBeUndefined();
  expect(safeAddress('vbscript:x')).toBeUndefined();
  expect(safeAddress('\u0001javascript:alert(1)')).toBeUndefined();
});
