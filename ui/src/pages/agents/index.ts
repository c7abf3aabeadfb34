import { Bot } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'agents',
  label: { en: 'Agents', 'zh-CN': '智能体' },
  icon: Bot,
  group: 'talk',
  order: 20,
  routes: [
    { path: '/agents', load: () => import('./page') },
    { path: '/agents/$id', load: () => import('./agent') },
  ],
  method: 'agents.list',
  keywords: 'soul template binding 模板 绑定',
});
