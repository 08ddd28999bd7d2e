"""The checker: it tries a learner's answer and says what is wrong with it, and why.

- `case`: one input.
- `exercise`: what an exercise is made of.
- `timed`: a thread that has only so much time.
- `clean_room`: defaults to start from, and what is put back afterwards.
- `compare`: the first difference between two results.
- `observe`: call an answer and note all that it does.
- `results`: what the results of all trials together say.
- `remarks`: what can be seen in wrong numbers.
- `cures`: slips that can be made in any exercise, and where the site cures them.
- `judge`: from all of these to a verdict.
- `links`: where to read on the site that the reader has.
- `report`: the verdict as text and as a card.
"""
