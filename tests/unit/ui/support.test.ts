import { describe, expect, it } from 'vitest';
import { webGpuSteps } from '../../../src/ui/support';

const agents = {
  chromeLinux:
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  chromeWindows:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  chromeAndroid:
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36',
  edge: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0',
  firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
  safari:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15',
} as const;

describe('how WebGPU is turned on', () => {
  it.each([
    ['chromeLinux', /chrome:\/\/flags.*Unsafe WebGPU Support.*Vulkan/],
    ['chromeWindows', /^Chrome or Edge: update to version 113.*graphics acceleration/],
    ['chromeAndroid', /^Chrome or Edge: update to version 113.*graphics acceleration/],
    ['edge', /^Chrome or Edge: update to version 113.*graphics acceleration/],
    ['firefox', /about:config.*dom\.webgpu\.enabled/],
    ['safari', /Safari 26.*Feature Flags/],
  ] as const)('is told in the steps of %s', (browser, steps) => {
    expect(webGpuSteps(agents[browser], true)).toMatch(steps);
  });

  it('begins with https in every browser, where the page came without it', () => {
    for (const agent of Object.values(agents))
      expect(webGpuSteps(agent, false)).toMatch(/https or localhost/);
  });

  it('is left to a current browser where this one is not known', () => {
    expect(webGpuSteps('curl/8.5', true)).toMatch(/^Use a current Chrome, Edge, Firefox or Safari/);
  });
});
