/** A refusal of the hub, or a failure to reach it, in the form that pages show. */
export class Problem extends Error {
	/** HTTP status; 0 when the hub did not answer. */
	readonly status: number;
	/** Word of the hub's error body, `offline` when it did not answer. */
	readonly code: string;
	/** The field of the request that was refused, when the hub named one. */
	readonly field: string | undefined;
	/** Where an administrator finds the request in the log. */
	readonly requestId: string | undefined;
	/** Further facts of the hub's error body. */
	readonly details: Record<string, unknown>;

	constructor(status: number, body: ErrorBody) {
		super(body.error ?? '');
		this.name = 'Problem';
		this.status = status;
		this.code = body.code ?? (status === 0 ? 'offline' : 'internal');
		this.details = body.details ?? {};
		this.field = typeof this.details.field === 'string' ? this.details.field : undefined;
		this.requestId = body.request_id;
	}

	/** What went wrong, whatever was thrown. */
	static of(thrown: unknown): Problem {
		if (thrown instanceof Problem) return thrown;
		if (thrown instanceof TypeError) return new Problem(0, {});
		return new Problem(500, { error: thrown instanceof Error ? thrown.message : String(thrown) });
	}

	/** The problem that an answer of the hub tells. */
	static async from(response: Response): Promise<Problem> {
		const body: unknown = await response.json().catch(() => ({}));
		return new Problem(response.status, isErrorBody(body) ? body : {});
	}
}

interface ErrorBody {
	error?: string;
	code?: string;
	request_id?: string;
	details?: Record<string, unknown>;
}

function isErrorBody(body: unknown): body is ErrorBody {
	return typeof body === 'object' && body !== null;
}
