# $data: time; per second: sent, sent at least, sent at most, acknowledged, received, failed, dropped
set yrange [0:*]
set format y '%.4s%c'
set ylabel 'messages per second' textcolor rgb '#000000' offset 1
set xlabel x_title
plot $data using 1:3:4 with filledcurves linecolor rgb '#c8c8c8' title 'sent, least to most', \
    '' using 1:2 with lines linetype 1 title 'sent', \
    '' using 1:5 with lines linetype 3 dashtype 4 title 'acknowledged', \
    '' using 1:6 with lines linetype 6 dashtype 3 title 'received', \
    '' using 1:7 with lines linetype 2 dashtype 2 title 'failed', \
    '' using 1:8 with lines linetype 5 dashtype 5 title 'dropped'
