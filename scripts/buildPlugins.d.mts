import type { PluginOption } from 'vite';
export function buildPlugins(): PluginOption[];
