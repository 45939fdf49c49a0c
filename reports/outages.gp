# $data: time, devices in an outage of: their own, their cell, their region, the way to their backend; y_most
set yrange [0:y_most]
set ylabel 'devices' textcolor rgb '#000000'
@time_name
upto(n) = shown[n] ? (sum [k = 2:n] column(k)) : NaN
plot $data using 1:(upto(5)) with filledcurves y1=0 linecolor rgb '#cc79a7' title name(5, 'way to the backend'), \
    '' using 1:(upto(4)) with filledcurves y1=0 linecolor rgb '#d55e00' title name(4, 'region'), \
    '' using 1:(upto(3)) with filledcurves y1=0 linecolor rgb '#e69f00' title name(3, 'cell'), \
    '' using 1:(upto(2)) with filledcurves y1=0 linecolor rgb '#56b4e9' title name(2, 'device alone')
