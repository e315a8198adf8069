import type { HighlightAnswer, HighlightQuestion } from './index';
import { piecesOf } from './pieces';

onmessage = async ({ data }: MessageEvent<HighlightQuestion>) => {
	const answer: HighlightAnswer = { id: data.id, pieces: await piecesOf(data.code, data.language) };
	postMessage(answer);
};
