import './lib/nonce';
import './lib/preferences';
import './styles.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { LaterConfirm } from './app/later';
import { fetchFirst, router } from './app/router';
import { queries } from './client/queries';
import { Toasts } from './components/ui/toasts';
import { startI18n } from './i18n';
import { loadAnewWhereGone } from './lib/parts';

window.addEventListener('vite:preloadError', () => void loadAnewWhereGone());

const words = startI18n();
fetchFirst();
await words;

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
        <LaterConfirm />
        <Toasts />
      </QueryClientProvider>
    </StrictMode>,
  );
}
