"""The checker: it tries a learner's answer and says what is wrong with it, and why.

- `case`: one input.
- `exercise`: what an exercise is made of.
- `observe`: call an answer and note all that it does.
- `compare`: the first difference between two results.
- `results`: what the results of all trials together say.
- `cures`: slips that can be made in any exercise, and where the site cures them.
- `judge`: from all of these to a verdict.
- `report`: the verdict as text and as a card.
"""
