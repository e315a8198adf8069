import { defineConfig } from '@playwright/test';

// The real binary and Debian's Chromium, one page at a time: the machine has two cores and the hub wants one.
export default defineConfig({
	testDir: '.',
	testMatch: '*.spec.ts',
	outputDir: '../../target/e2e',
	workers: 1,
	timeout: 120_000,
	expect: { timeout: 15_000 },
	reporter: [['list'], ['./support/tally.ts']],
	use: {
		actionTimeout: 20_000,
		locale: 'en-GB',
		viewport: { width: 1280, height: 860 },
		screenshot: 'only-on-failure',
		trace: 'retain-on-failure',
		launchOptions: {
			executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
			args: [
				'--no-sandbox',
				'--disable-gpu',
				'--disable-quic',
				'--no-first-run',
				'--disable-background-networking',
				'--disable-component-update',
				'--disable-sync'
			]
		}
	}
});
