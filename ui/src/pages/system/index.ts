import { ServerCog } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'system',
  label: { en: 'System and updates', 'zh-CN': '系统与更新' },
  icon: ServerCog,
  group: 'machine',
  order: 60,
  routes: [{ path: '/system', load: () => import('./page') }],
  keywords: 'version update restart stop about licence token notifications 版本 升级 重启 关于 许可 通知',
  permission: 'system.read',
});
