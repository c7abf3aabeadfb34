import { KeyRound } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'keys',
  label: { en: 'Keys and budgets', 'zh-CN': '密钥与预算' },
  icon: KeyRound,
  group: 'models',
  order: 30,
  routes: [{ path: '/keys', load: () => import('./page') }],
  keywords: 'api token limit budget quota 令牌 额度 限额',
  permission: 'keys.manage',
});
