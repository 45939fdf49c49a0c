# $data: time; per second: sent, sent at least, sent at most, acknowledged, received, failed, dropped; ranged: columns are
# longer than an interval
set yrange [0:*]
set ylabel 'messages per second' textcolor rgb '#000000'
@time_name
plot $data using 1:(ranged ? column(3) : NaN):(ranged ? column(4) : NaN) with filledcurves linecolor rgb '#c8c8c8' title (ranged ? 'least to most' : ''), \
    '' using 1:(v(2)) with lines linetype 1 title name(2, 'sent'), \
    '' using 1:(v(5)) with lines linetype 3 dashtype 4 title name(5, 'acknowledged'), \
    '' using 1:(v(6)) with lines linetype 6 dashtype 3 title name(6, 'received'), \
    '' using 1:(v(7)) with lines linetype 2 dashtype 2 title name(7, 'failed'), \
    '' using 1:(v(8)) with lines linetype 5 dashtype 5 title name(8, 'dropped')
