import { Puzzle } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'skills',
  label: { en: 'Skills and plugins', 'zh-CN': '技能与插件' },
  icon: Puzzle,
  group: 'talk',
  order: 36,
  routes: [{ path: '/skills', load: () => import('./page') }],
  method: 'skills.status',
  keywords: 'install extension capability mcp server tools 安装 扩展 能力',
});
