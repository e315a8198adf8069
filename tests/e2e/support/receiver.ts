import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A program that is told of things; it answers with this status. */
export class Receiver {
	status = 204;
	readonly got: { headers: IncomingMessage['headers']; body: any }[] = [];
	readonly #server: Server = createServer((request, response) => {
		const parts: Buffer[] = [];
		request.on('data', (part: Buffer) => parts.push(part));
		request.on('end', () => {
			this.got.push({ headers: request.headers, body: JSON.parse(Buffer.concat(parts).toString()) });
			response.writeHead(this.status).end();
		});
	});

	/** Listens, and answers its address. It keeps no process from ending. */
	async start(): Promise<string> {
		await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
		this.#server.unref();
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
	}

	stop(): void {
		this.#server.close();
	}
}
