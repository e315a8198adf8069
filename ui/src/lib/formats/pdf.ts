/**
 * PDF drawn by pdf.js. The browser's own viewer would run the scripts of a document, which may open dialogs in the name of
 * the hub; here nothing of it runs.
 */
import {
	getDocument,
	GlobalWorkerOptions,
	PDFDataRangeTransport,
	type PDFDocumentProxy,
	type PDFPageProxy
} from 'pdfjs-dist';
import workerAddress from 'pdfjs-dist/build/pdf.worker.min.mjs?url';
import type { ReadRange } from './bytes';
import { Fault } from './fault';

GlobalWorkerOptions.workerPort = null;
GlobalWorkerOptions.workerSrc = workerAddress;

const PIECE_BYTES = 256 * 1024;
/** A page is drawn with at most so many pixels. */
const PIXELS_MAX = 8_000_000;

/** A document whose bytes are fetched where its pages need them. */
export class OpenPdf {
	private constructor(
		private readonly document: PDFDocumentProxy,
		/** Width and height of the first page in points. */
		readonly firstSize: [number, number]
	) {}

	/** Opens a document. */
	static async open(read: ReadRange, size: number, signal: AbortSignal): Promise<OpenPdf> {
		const beginning = await read(0, PIECE_BYTES);
		let lost: (thrown: unknown) => void = () => {};
		const broken = new Promise<never>((_, reject) => (lost = reject));
		broken.catch(() => undefined);
		const range = new PDFDataRangeTransport(size, beginning.slice());
		range.requestDataRange = (from, to) => {
			read(from, to - from).then((bytes) => range.onDataRange(from, bytes.slice()), lost);
		};
		const task = getDocument({
			range,
			rangeChunkSize: PIECE_BYTES,
			disableAutoFetch: true,
			disableStream: true,
			isEvalSupported: false,
			useWasm: false,
			enableXfa: false,
			stopAtErrors: false
		});
		signal.addEventListener('abort', () => void task.destroy(), { once: true });
		try {
			const document = await Promise.race([task.promise, broken]);
			const { width, height } = (await Promise.race([document.getPage(1), broken])).getViewport({ scale: 1 });
			return new OpenPdf(document, [width, height]);
		} catch (thrown) {
			if (thrown instanceof Error && thrown.name === 'PasswordException') throw new Fault('locked');
			throw thrown;
		}
	}

	get pages(): number {
		return this.document.numPages;
	}

	/** Draws a page, counted from 1, as wide as the canvas is on the screen. Gives its text. */
	async draw(number: number, canvas: HTMLCanvasElement, width: number): Promise<string> {
		const page = await this.document.getPage(number);
		const { width: points, height } = page.getViewport({ scale: 1 });
		const wanted = (width * devicePixelRatio) / points;
		const scale = Math.min(wanted, Math.sqrt(PIXELS_MAX / (points * height)));
		const viewport = page.getViewport({ scale });
		canvas.width = Math.floor(viewport.width);
		canvas.height = Math.floor(viewport.height);
		canvas.style.aspectRatio = `${viewport.width} / ${viewport.height}`;
		await page.render({ canvas, viewport }).promise;
		return textOf(page);
	}
}

async function textOf(page: PDFPageProxy): Promise<string> {
	const { items } = await page.getTextContent();
	return items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('');
}
