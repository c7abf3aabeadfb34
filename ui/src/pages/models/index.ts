import { Boxes } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'models',
  label: { en: 'Models and providers', 'zh-CN': '模型与服务商' },
  icon: Boxes,
  group: 'models',
  order: 10,
  routes: [{ path: '/models', load: () => import('./page') }],
  keywords: 'ollama vllm lmstudio mapping alias rule test latency 映射 别名 规则 测速',
  permission: 'config.read',
});
