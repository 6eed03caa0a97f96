"""The emotions that clip data sets share, under the numbers of facial_features_3d, and what each data set calls them."""

EMOTIONS = ("Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise", "Ambiguous", "Contempt")

# 0 = no single emotion got enough votes.
DFEW = {
    "0": "Ambiguous",
    "1": "Happy",
    "2": "Sad",
    "3": "Neutral",
    "4": "Angry",
    "5": "Surprise",
    "6": "Disgust",
    "7": "Fear",
}
FERV39K = {name: name for name in EMOTIONS[:7]}
# Anxiety, helplessness and disappointment are none of the shared emotions.
MAFW = {
    "anger": "Angry",
    "disgust": "Disgust",
    "fear": "Fear",
    "happiness": "Happy",
    "neutral": "Neutral",
    "sadness": "Sad",
    "surprise": "Surprise",
    "contempt": "Contempt",
}
# 02 is calm, none of the shared ones.
RAVDESS = {
    "01": "Neutral",
    "03": "Happy",
    "04": "Sad",
    "05": "Angry",
    "06": "Fear",
    "07": "Disgust",
    "08": "Surprise",
}
CREMA_D = {
    "ANG": "Angry",
    "DIS": "Disgust",
    "FEA": "Fear",
    "HAP": "Happy",
    "NEU": "Neutral",
    "SAD": "Sad",
}
