"""The checker: it tries a learner's answer and says what is wrong with it, and why.

- `exercise`: what an exercise is made of.
- `inputs`: inputs that several exercises try.
- `observe`: call an answer and note all that it does.
- `compare`: the first difference between two results.
- `signs`: mistakes that show in what an answer does.
- `cures`: slips that can be made in any exercise, and where the site cures them.
- `judge`: from all of these to a verdict.
- `report`: the verdict as text and as a card.
"""
