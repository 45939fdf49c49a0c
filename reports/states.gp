# $data: time, devices: online, connecting, backoff, asleep, offline, dead
set yrange [0:*]
set format y '%.4s%c'
set ylabel 'devices' textcolor rgb '#000000' offset 1
set xlabel x_title
upto(n) = sum [k = 2:n] column(k)
plot $data using 1:(upto(7)) with filledcurves y1=0 linecolor rgb '#000000' title 'dead', \
    '' using 1:(upto(6)) with filledcurves y1=0 linecolor rgb '#c8c8c8' title 'offline', \
    '' using 1:(upto(5)) with filledcurves y1=0 linecolor rgb '#cc79a7' title 'asleep', \
    '' using 1:(upto(4)) with filledcurves y1=0 linecolor rgb '#e69f00' title 'back-off', \
    '' using 1:(upto(3)) with filledcurves y1=0 linecolor rgb '#56b4e9' title 'connecting', \
    '' using 1:2 with filledcurves y1=0 linecolor rgb '#0072b2' title 'online'
