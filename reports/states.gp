# $data: time, devices: online, connecting, backoff, asleep, offline, dead; y_most
set yrange [0:y_most]
set ylabel 'devices' textcolor rgb '#000000'
@time_name
upto(n) = shown[n] ? (sum [k = 2:n] column(k)) : NaN
plot $data using 1:(upto(7)) with filledcurves y1=0 linecolor rgb '#000000' title name(7, 'dead'), \
    '' using 1:(upto(6)) with filledcurves y1=0 linecolor rgb '#c8c8c8' title name(6, 'offline'), \
    '' using 1:(upto(5)) with filledcurves y1=0 linecolor rgb '#cc79a7' title name(5, 'asleep'), \
    '' using 1:(upto(4)) with filledcurves y1=0 linecolor rgb '#e69f00' title name(4, 'back-off'), \
    '' using 1:(upto(3)) with filledcurves y1=0 linecolor rgb '#56b4e9' title name(3, 'connecting'), \
    '' using 1:(upto(2)) with filledcurves y1=0 linecolor rgb '#0072b2' title name(2, 'online')
