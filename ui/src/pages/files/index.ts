import { FolderOpen } from 'lucide-react';
import { definePage } from '@/app/page';

export default definePage({
  id: 'files',
  label: { en: 'Workspace files', 'zh-CN': '工作区文件' },
  icon: FolderOpen,
  group: 'talk',
  order: 35,
  routes: [{ path: '/files', load: () => import('./page') }],
  permission: 'agents.manage',
  keywords: 'workspace upload download notes trash 上传 下载 备注 回收站',
});
