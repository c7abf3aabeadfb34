import { SlidersHorizontal } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'configuration',
  label: { en: 'Configuration', 'zh-CN': '配置' },
  icon: SlidersHorizontal,
  group: 'machine',
  order: 30,
  routes: [{ path: '/configuration', load: () => import('./page') }],
  keywords: 'settings config json5 openclaw.json 设置 选项',
  method: 'config.schema',
});
