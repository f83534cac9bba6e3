"""Several people in view, one of whom is followed; knows neither the detector's library nor Qt."""
