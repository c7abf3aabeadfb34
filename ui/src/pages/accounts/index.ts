import { WalletCards } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'accounts',
  label: { en: 'Accounts', 'zh-CN': '账号' },
  icon: WalletCards,
  group: 'models',
  order: 20,
  routes: [{ path: '/accounts', load: () => import('./page') }],
  keywords: 'quota oauth google api key provider 配额 额度 授权 密钥',
  permission: 'accounts.read',
});
