mod file_answers;
