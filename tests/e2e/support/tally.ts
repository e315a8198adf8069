import type { FullResult, Reporter, TestCase, TestResult } from '@playwright/test/reporter';

/** Ends the run with one line in the form of cargo's, which `tests/run` adds up. A skipped test counts as failed. */
export default class Tally implements Reporter {
	#passed = 0;
	#failed = 0;

	onTestEnd(test: TestCase, result: TestResult): void {
		if (result.status === 'passed') this.#passed += 1;
		else if (test.outcome() !== 'flaky') this.#failed += 1;
	}

	onEnd(result: FullResult): void {
		const word = result.status === 'passed' && this.#failed === 0 ? 'ok' : 'FAILED';
		console.log(`test result: ${word}. ${this.#passed} passed; ${this.#failed} failed; 0 ignored;`);
		if (this.#failed > 0) process.exitCode = 1;
	}
}
