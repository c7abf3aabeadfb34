import { ChartColumn } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'statistics',
  label: { en: 'Token statistics', 'zh-CN': '用量统计' },
  icon: ChartColumn,
  group: 'watch',
  order: 30,
  routes: [{ path: '/statistics', load: () => import('./page') }],
  keywords: 'usage cost spend tokens money 费用 词元 消耗 花费',
  permission: 'statistics.read',
});
