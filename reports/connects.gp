# $data: time; connects per second: attempted, attempted at most, accepted, refused, failed in all; response in ms: p50, p99, p99.9
set multiplot
set tmargin at screen 1 - 30.0 / height
set bmargin at screen 0.56
set yrange [0:*]
set format y '%.4s%c'
set ylabel 'connects per second' textcolor rgb '#000000' offset 1
set xtics format ''
plot $data using 1:3 with filledcurves y1=0 linecolor rgb '#c8c8c8' title 'at most', \
    '' using 1:2 with lines linetype 1 title 'attempted', \
    '' using 1:4 with lines linetype 3 dashtype 4 title 'accepted', \
    '' using 1:6 with lines linetype 2 dashtype 2 title 'failed', \
    '' using 1:5 with lines linetype 5 dashtype 3 title 'refused with a code'
set tmargin at screen 0.47
set bmargin at screen 50.0 / height
@latency_tics
set logscale y
set yrange [y_low:y_high]
set ylabel 'connect, response' offset 1
@time_tics
set xlabel x_title
plot $data using 1:7 with lines linetype 6 title 'p50', \
    '' using 1:8 with lines linetype 1 title 'p99', \
    '' using 1:9 with lines linetype 2 dashtype 2 title 'p99.9'
unset multiplot
