import { LayoutDashboard } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'overview',
  label: { en: 'Overview', 'zh-CN': '总览' },
  icon: LayoutDashboard,
  group: 'watch',
  order: 10,
  routes: [{ path: '/', load: () => import('./overview') }],
  keywords: 'home dashboard health 首页 仪表盘 健康',
});
